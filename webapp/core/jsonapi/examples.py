"""Ids in the document's examples; the test that runs the examples makes things with these very ids."""

from __future__ import annotations

PACKAGE = "pkg_7Qm2xK9dLr4Tz8Wn3BvY"
COUNSELLOR = "counsellor_4Hs8pN2vXc6Jk1RmT5Qw"
SERVICE = "service_9Ld3fG7hMz2Wq6YbK8Vt"
EXCEPTION = "exception_2Bn5tR8yUe4Pd7SxC1Lj"
STUDENT = "user_6Vk1wZ4aFh9Nm3QpE7Gs"
COUNSELLOR_USER = "user_3Xj7cD5uTb8Lr2MyH6Pf"
ADMIN = "user_8Tg4nS1qVw6Kz9RdB3Jh"
ENROLMENT = "enroll_5Pf9mJ3kCx7Ht2WvN6Qz"
SESSION = "session_1Wr6bY8gLd4Vs7XnK2Tm"
REVIEW = "review_7Mc3zQ5hPj9Fw1TkR4Bx"
INQUIRY = "inquiry_2Dt8vN6sGk4Lm9XpJ1Yc"
ORDER = "order_9Zh5qB2wRf7Mn3KsT6Vd"
PAYMENT = "pay_4Jx1tC8pWl6Gy9DvN3Hr"
RECEIPT = "receipt_8Cw5nT2yKd7Qf4HxV9Zp"
REFUND = "refund_6Mj3bX9sPv1Ld8RkW5Ft"
GATEWAY_ORDER = "order_NxQ2mT7vKc4LpZ"
GATEWAY_PAYMENT = "pay_NxQ5bY8rWd1HsJ"
COUPON = "coupon_6Nq2kF9zSb5Tw8PmX4Rj"
NOTIFICATION = "notification_3Lv7yH1dQc9Kx5BgM8Wt"
WEBHOOK = "webhook_8Rp4jT6nZm2Vf7SqY1Kd"
DELIVERY = "delivery_5Gk9wX3bHt1Nc6LzP7Qv"
LOGIN = "login_1Fm6sD8rVy4Jb9TqK2Wx"
API_KEY = "key_7Yb2gP5vNt8Lc4HkR1Zm"
STUDENT_EMAIL = "ananya@example.com"
PASSWORD = "Secret-99"  # noqa: S105  of the people in the examples
# Words that stand for what is made anew each time.
REFRESH_TOKEN = "x3vUuTk1yqJ8mW0cQ5rZ7nLdB2hFsA9eGpXoIiVtRw4K"  # noqa: S105
CHALLENGE = "WyJ1c2VyXzZWazF3WjRhRmg5Tm0zUXBFN0dzIiwi.k3Qx"
RESET_TOKEN = "WyJ1c2VyXzZWazF3WjRhRmg5Tm0zUXBFN0dzIiwi.p7Lm"  # noqa: S105
VERIFY_TOKEN = "WyJ1c2VyXzZWazF3WjRhRmg5Tm0zUXBFN0dzIiwi.v2Rt"  # noqa: S105
