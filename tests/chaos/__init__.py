"""Chaos: thousands of messages over real processes and real sockets while everything is killed at random.

`make chaos` runs it in full, test_chaos.py in little. What must arrive is read off the script of the
made-up page (script.py), never off the store; what did arrive is the receivers' own ledger (ends.py).
"""
