"""The values every stage speaks in: money, periods, clocks, ids, errors. Pure; imports nothing of ours."""
