"""Who counts as having labour capacity."""

from contracts.codes import LabourCapacity

WORKING = frozenset({LabourCapacity.ORDINARY, LabourCapacity.SKILLED, LabourCapacity.WEAK})
