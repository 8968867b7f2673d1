"""The section `robustness` of config/project.yml for texts: what is done to a text, and the terms to swap."""

from typing import Annotated

from pydantic import Field, field_validator

from .robustness import Robustness

Term = Annotated[str, Field(min_length=1, max_length=100, pattern=r"\S")]


class TextRobustness(Robustness):
    """Limits for perturbed texts, and pairs of terms of which each takes the other's place.

    A swap should not change the answer, such as one of gender or group. The default is for English texts and follows
    the identity terms of L. Dixon et al., Measuring and Mitigating Unintended Bias in Text Classification, 2018; "him"
    is left out since "her" can have one partner only.

    Args:
        swaps: pairs of terms, of any language; capitals follow the text.
    """

    PERTURBATIONS = ("typos", "lower_case", "upper_case", "spaces", "accents", "swapped_terms")

    swaps: list[tuple[Term, Term]] = Field(
        default_factory=lambda: [
            ("he", "she"),
            ("his", "her"),
            ("himself", "herself"),
            ("man", "woman"),
            ("men", "women"),
            ("boy", "girl"),
            ("boys", "girls"),
            ("father", "mother"),
            ("son", "daughter"),
            ("brother", "sister"),
            ("husband", "wife"),
            ("actor", "actress"),
            ("black", "white"),
            ("christian", "muslim"),
            ("american", "mexican"),
            ("gay", "lesbian"),
        ]
    )

    @field_validator("swaps")
    @classmethod
    def _each_term_has_one_partner(cls, swaps: list[tuple[str, str]]) -> list[tuple[str, str]]:
        seen: set[str] = set()
        for pair in swaps:
            for term in pair:
                if term.casefold() in seen:
                    raise ValueError(f"{term!r} is listed twice: a term has one partner")
                seen.add(term.casefold())
        return swaps
