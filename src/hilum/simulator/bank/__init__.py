"""The simulated bank: takes payment files, answers each, and says at the end of the day what was booked.

    bank = Bank(folder, account=Party(name="Hillside", account="BE68…"), currency="EUR")
    bank.trouble("DE89370400440532013000", Trouble.REJECT)
    bank.open_mail(at)       # orders/*.xml → answers/*.xml (pain.002)
    bank.notify(day)         # notifications/*.xml: camt.054
    bank.end_of_day(day)     # statements/*: camt.053, MT940 or BAI2

It does what real ones do: a file or a payment that came before is refused as a repetition, and nothing is paid twice.
"""

from hilum.simulator.bank.bank import Bank, StatementForm, Trouble

__all__ = ["Bank", "StatementForm", "Trouble"]
