"""The pages of the service: stores, keys, documents and receivables in a browser.

    /                                   the stores
    /{store}/docs/{folder}/             the keys of a folder
    /{store}/docs/{key}                 a document; `download`, `history`, `diff` and `revert` have paths like it
    /{store}/receivables                the amounts owed, if the store holds invoices
    /{store}/invoice/{key}              an invoice; `payment` has a path like it
    /{store}/statement?customer={id}    the account of a customer
    /-/login, /-/logout, /-/static/…    the parts that belong to no store

The server writes each page completely, so a page needs no JavaScript; with it, a page follows the changes of
its store. Nothing is loaded from elsewhere, and the Content-Security-Policy of the pages forbids it.
"""
