"""The built-in example networks."""
