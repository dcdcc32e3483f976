"""Money: orders, payments, refunds, coupons, receipts and the ledger behind counsellors' earnings."""
