"""What the reports on a module of tests say, of threadwise and of the standard modules beside it."""


def differences(ours, stock, listed):
    """Two lists of lines: what is wrong on threadwise, and what is only worth knowing.

    `ours` and `stock` are reports as run_module.py writes them; `stock` is None when nothing ran beside threadwise. What one
    side alone ran or skipped is wrong, but for the tests that are `listed` in skips.txt.
    """
    failed_there = set() if stock is None else set(stock["failed"])
    wrong = [f"FAILED {test}" for test in ours["failed"] if test not in failed_there]
    remarks = [f"fails on the standard modules, too: {test}" for test in ours["failed"] if test in failed_there]
    if stock is None:
        return wrong, remarks
    remarks += [f"fails on the standard modules alone: {test}" for test in stock["failed"] if test not in ours["failed"]]
    # One that did not come to its end says too little; ours has failed by that already.
    if not ours["died"] and not stock["died"]:
        for what, key in (("RAN", "tests"), ("SKIPPED", "skipped")):
            here, there = set(ours[key]), set(stock[key])
            wrong += [f"{what} on threadwise alone: {test}" for test in sorted(here - there - set(listed))]
            wrong += [f"{what} on the standard modules alone: {test}" for test in sorted(there - here)]
    return wrong, remarks
