"""Enrolments: a student's bought or granted package and its session credits."""
