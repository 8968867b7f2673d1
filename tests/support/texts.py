"""Texts that people or attackers might answer with."""

from __future__ import annotations

from hypothesis import strategies as st

INJECTIONS = (
    '"; rm -rf /; echo "',
    "'; DROP TABLE models; --",
    "$(touch owned)",
    "`id`",
    "${{ secrets.X }}",
    "${var.secret}",
    "%{ if true }",
    "$${a}",
    "$$${a}",
    "%%{a}",
    "$[[ x ]]",
    "{{ 7*7 }}",
    "{% raw %}",
    "{# note #}",
    "{{ _copier_conf.src_path }}",
    "#{name}",
    "<script>alert(1)</script>",
    "[link](javascript:alert(1))",
    "![x](y)",
    "**bold** _it_ ~~no~~",
    "# Title",
    "- item",
    "+ item",
    "=",
    "1. item",
    "12) item",
    "> quote",
    "| a | b |",
    "***",
    "&amp; &lt;",
    "$x^2$",
    "a: b # c",
    "*anchor",
    "!tag x",
    "@at",
    "yes",
    "null",
    "0123",
    "1e3",
    "2024-01-01",
    "~",
    "C:\\new\\table",
    "trailing \\",
    "\\u0024{x}",
    'say "hi"',
    "it's",
    "both ' and \"",
    "\"\"\"'''",
    "Müller & Söhne",
    "予測モデル",
    "модель",
    "🛫 flight 👩‍🔬",
    "x" * 200,
)

BREAKS = (
    "two\nlines",
    "tab\there",
    "\u2028",
    "\x00",
    "\x1b[31m",
    "\u202egnp.exe",
    "\ufeffbom",
    "\x85",
    "\r",
)

_UTF8 = st.characters(codec="utf-8")

# Any text at all, with the dangerous pieces mixed in.
anything = st.lists(st.one_of(st.sampled_from(INJECTIONS + BREAKS), st.text(_UTF8, max_size=20)), max_size=4).map(
    "".join
)

# Texts that the questions accept as one line, or nearly.
one_line = st.one_of(
    st.sampled_from(INJECTIONS),
    st.text(
        st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Cn", "Co", "Zl", "Zp"]),
        min_size=1,
    ),
    st.lists(st.sampled_from(INJECTIONS), min_size=2, max_size=3).map(" ".join),
)
