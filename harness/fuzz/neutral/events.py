"""Mutations that add frames and members which say nothing."""

from __future__ import annotations

from harness.fuzz.neutral.mutation import Mutation

MUTATIONS: tuple[Mutation, ...] = ()
