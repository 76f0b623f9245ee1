"""Kinds in which users keep series, read as (batch, time, features), and maps given back in them."""
