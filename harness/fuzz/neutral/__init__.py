"""Changes of a stream that say nothing new: the outcome must stay what it was."""

from harness.fuzz.neutral.variants import NoSuchPlace, neutral_plans, neutral_variants, variant_of

__all__ = ["NoSuchPlace", "neutral_plans", "neutral_variants", "variant_of"]
