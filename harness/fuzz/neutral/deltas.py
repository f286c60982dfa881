"""Mutations of where one delta ends and the next begins."""

from __future__ import annotations

from harness.fuzz.neutral.mutation import Mutation

MUTATIONS: tuple[Mutation, ...] = ()
