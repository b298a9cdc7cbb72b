#!/bin/sh
# A month of a small firm. Run it in the folder that make_month.py wrote, with the address of the books in HOLDALL_URI.
# You can stop it at any moment and run it again: no command records anything twice.
set -eu

# The firm, its currency, and the accounting codes of its invoice lines.
holdall books set --seller DE111222333 --seller-name 'Lichtblick IT GmbH' --currency EUR --codes codes.toml

# The invoices of the month: 40 as small JSON documents, a credit note, and three of the web shop.
holdall invoices add invoices.json
holdall invoices add credit-note.json
holdall invoices import webshop

# The bank statement. Entries that name an invoice and pay all of it are booked. A person decides on two others.
holdall payments import statement.xml --confirm exact
holdall payments receive 2026-122 --amount 621.56 --on 2026-09-28 --id DE02120300000000202051/2026-09-22
holdall payments receive 2026-123 --amount 397.46 --on 2026-09-29 --id DE02120300000000202051/2026-09-23

# The credit note is applied to another invoice of the customer, who had paid the first one in full.
holdall payments credit 2026-G1 2026-129 --on 2026-09-29 --id credit-1

# The bank returned one payment, and two euros are not worth a letter.
holdall payments void DE02120300000000202051/2026-09-10 --reason 'returned by the bank' --on 2026-09-30
holdall invoices write-off 2026-122 --code 6855 --reason 'small difference' --on 2026-09-30 --id small-1

# The month is closed, and its aging is printed. A week later it is the same to the byte.
holdall books close 2026-09-30 --by Ann
holdall receivables aging --at 2026-09-30 > aging-october-1.txt
holdall payments import late-payment.xml --confirm exact
holdall receivables aging --at 2026-09-30 > aging-october-8.txt
cmp aging-october-1.txt aging-october-8.txt
