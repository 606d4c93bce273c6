"""AG Grid's own words in the person's language; its keys stand in its documentation under "Localisation"."""

from components.words import N_, _

WORDS = {
    "contains": N_("Contains"),
    "equals": N_("Equals"),
    "inRange": N_("Between"),
    "inRangeStart": N_("From"),
    "inRangeEnd": N_("To"),
    "greaterThanOrEqual": N_("At least"),
    "lessThanOrEqual": N_("At most"),
    "filterOoo": N_("Filter…"),
    "empty": N_("Choose one"),
    "textFilter": N_("Filter by text"),
    "numberFilter": N_("Filter by number"),
    "applyFilter": N_("Apply"),
    "clearFilter": N_("Clear"),
    "resetFilter": N_("Reset"),
    "loadingOoo": N_("Loading…"),
    "noRowsToShow": N_("Nothing to show"),
    "noMatchingRows": N_("Nothing matches the filters"),
    "loadingError": N_("Could not be loaded"),
    "ariaFilterInput": N_("Filter"),
    "ariaFilterValue": N_("Filter value"),
    "ariaFilterFromValue": N_("Filter from"),
    "ariaFilterToValue": N_("Filter to"),
    "ariaFilteringOperator": N_("How to filter"),
    "ariaFilterMenuOpen": N_("Open the filter"),
    "ariaLabelColumnFilter": N_("Column filter"),
    "ariaFilterColumn": N_("Press Ctrl and Enter to open the filter"),
    "ariaColumnFiltered": N_("Filtered"),
    "ariaSortableColumn": N_("Press Enter to sort"),
    "ariaRowToggleSelection": N_("Press Space to choose or leave the row"),
    "ariaRowSelectionDisabled": N_("This row cannot be chosen"),
    "ariaHeaderSelection": N_("Column of the choice"),
    "ariaChecked": N_("chosen"),
    "ariaUnchecked": N_("not chosen"),
    "ariaIndeterminate": N_("some chosen"),
    "ariaSkeletonCellLoading": N_("The row is loading"),
    "ariaSkeletonCellLoadingFailed": N_("The row could not be loaded"),
}


def locale_text() -> dict[str, str]:
    """Return the words by AG Grid's keys."""
    return {key: _(text) for key, text in WORDS.items()}
