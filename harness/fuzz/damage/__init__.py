"""Damage: streams cut off, bent or broken, and what must hold of whoever reads them (`specs/damage.yaml`)."""

from harness.fuzz.damage.making import damage_list, damage_plans, damage_variants, simpler, variant_of

__all__ = ["damage_list", "damage_plans", "damage_variants", "simpler", "variant_of"]
