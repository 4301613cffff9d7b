"""How each column of a dataset is read, and what a batch costs: what `Dataset.explain` gives."""

from h5torch.explaining.collecting import explain
from h5torch.explaining.records import Cost, ExplainedColumn, ExplainedPart
from h5torch.explaining.table import Explanation

__all__ = ["Cost", "ExplainedColumn", "ExplainedPart", "Explanation", "explain"]
