"""Changes of a stream that say nothing new: the outcome must stay what it was."""

from harness.fuzz.neutral.variants import BadPlan, neutral_plans, neutral_variants, simpler, variant_of

__all__ = ["BadPlan", "neutral_plans", "neutral_variants", "simpler", "variant_of"]
