"""The Appointment Registry Sandbox: a registry that was specified and never delivered, to test clients against."""

__version__ = "0.1.0"
RELEASED = "2026-11-22"
