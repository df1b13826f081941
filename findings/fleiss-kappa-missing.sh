#!/usr/bin/env bash
# A good engineer expects a missing rating to be left out of an agreement figure or to be an error. statsmodels 0.15.0's
# aggregate_raters(), the way its documentation leads to fleiss_kappa(), counts NaN as one more category: raters who both
# skipped an item "agree", and one who skipped disagrees with everybody. The two-step computation returns a plausible number
# without a warning. Krippendorff's alpha, made for missing ratings, of the same table is 1: whoever rated, agreed. It
# matters in every survey, where some always skip a question. Instead: krippendorff.alpha(level_of_measurement="nominal"),
# or drop items with a missing rating before aggregate_raters().
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv --without-pip venv
python3 -m pip --python venv/bin/python install -q --no-compile statsmodels==0.15.0 krippendorff==0.9.0 'pandas<3'
venv/bin/python - <<'PY'
from importlib.metadata import version

import krippendorff, numpy
from statsmodels.stats.inter_rater import aggregate_raters, fleiss_kappa

gap = numpy.nan
ratings = numpy.array([[1, 1, 1], [2, 2, gap], [1, gap, 1], [2, 2, 2], [gap, 1, 1], [2, gap, 2]])
table, categories = aggregate_raters(ratings)
kappa, alpha = fleiss_kappa(table), krippendorff.alpha(ratings.T, level_of_measurement="nominal")
print("statsmodels", version("statsmodels"), "krippendorff", version("krippendorff"))
print("expected: 1.0, as Krippendorff's alpha:", alpha, "or an error")
print(f"seen:     {kappa:.3f} with the categories", categories)
raise SystemExit(0 if numpy.isnan(categories[-1]) and 0 < kappa < 0.7 and alpha == 1 else "the behaviour has changed")
PY
