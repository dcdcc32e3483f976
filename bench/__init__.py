"""The measurements: ``make bench``, or ``python -m bench slots pages`` for some of them.

Everything is measured against something bare in the same run on the same machine and reported as a
ratio, because seconds of one machine say nothing about another.
"""
