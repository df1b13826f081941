#!/usr/bin/env bash
# A good engineer expects Krippendorff's alpha for an ordinal scale to be one number. On the worked example that Krippendorff
# publishes (four observers, twelve units, ordinal alpha 0.815), krippendorff 0.9.0 answers 0.815 and irrCAC 0.4.4, asked for
# krippendorff() with "ordinal" weights, 0.834: its ordinal weights are Gwet's, counted from the pairs of categories, not
# from how often each was used. Nominal, interval and ratio agree to the fourth digit in both, which makes it look tested. It
# matters when agreement between raters decides whether answers may be used: the bar of 0.8 or 0.667 is passed or not by the
# choice of a package. Instead: name package and definition beside the figure, and use krippendorff for ordinal alpha.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv --without-pip venv
python3 -m pip --python venv/bin/python install -q --no-compile krippendorff==0.9.0 irrCAC==0.4.4 'pandas<3'
venv/bin/python - <<'PY'
import warnings
from importlib.metadata import version

import krippendorff, numpy, pandas
from irrCAC.raw import CAC

warnings.simplefilter("ignore")
gap = numpy.nan
ratings = numpy.array([
    [1, 2, 3, 3, 2, 1, 4, 1, 2, gap, gap, gap],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, gap, 3],
    [gap, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, gap],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, gap],
])
levels = {"nominal": "identity", "ordinal": "ordinal", "interval": "quadratic", "ratio": "ratio"}
alpha = {level: round(float(krippendorff.alpha(ratings, level_of_measurement=level)), 3) for level in levels}
estimates = {level: CAC(pandas.DataFrame(ratings.T), weights=weights).krippendorff() for level, weights in levels.items()}
other = {level: round(float(estimate["est"]["coefficient_value"]), 3) for level, estimate in estimates.items()}
print("krippendorff", version("krippendorff"), "irrCAC", version("irrCAC"))
print("expected:", alpha)
print("seen:    ", other)
same = alpha["ordinal"] == 0.815 and other["ordinal"] == 0.834 and all(alpha[k] == other[k] for k in levels if k != "ordinal")
raise SystemExit(0 if same else "the behaviour has changed")
PY
