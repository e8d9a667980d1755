"""Splits what friends spend together."""
