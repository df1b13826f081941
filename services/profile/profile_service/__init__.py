"""Profile: organisations, their people, programs and enrolments."""
