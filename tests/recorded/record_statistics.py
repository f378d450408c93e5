"""Record what scikit-posthocs and statsmodels answer, for tests/experiment/test_statistics.py.

Run in an environment of its own, because they bring pandas and seaborn:

    pip install scikit-posthocs statsmodels
    python tests/recorded/record_statistics.py > tests/recorded/statistics.json
"""

import json
import sys

import numpy as np
import scikit_posthocs
import statsmodels
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

rng = np.random.default_rng(20060101)
cases = []
for contenders, seeds in ((3, 6), (4, 10), (12, 30)):
    errors = rng.lognormal(0.15 * np.arange(contenders)[:, None], 0.4, (contenders, seeds)).round(2)
    nemenyi = scikit_posthocs.posthoc_nemenyi_friedman(errors.T).to_numpy()
    pairs = [(i, j) for i in range(contenders) for j in range(i + 1, contenders)]
    raw = [stats.mannwhitneyu(errors[i], errors[j], method="asymptotic").pvalue for i, j in pairs]
    cases.append(
        {
            "errors": errors.tolist(),
            "nemenyi": nemenyi.tolist(),
            "p": raw,
            "holm": multipletests(raw, method="holm")[1].tolist(),
        }
    )
wilson = [
    {"successes": k, "seeds": n, "interval": list(proportion_confint(k, n, method="wilson"))}
    for k, n in ((0, 5), (3, 8), (30, 30), (7, 50))
]
json.dump(
    {
        "versions": {
            "scikit-posthocs": scikit_posthocs.__version__,
            "statsmodels": statsmodels.__version__,
        },
        "comparisons": cases,
        "wilson": wilson,
    },
    sys.stdout,
)
sys.stdout.write("\n")
