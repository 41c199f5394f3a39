-- One migration at a time, whoever runs it; gone with the transaction.
SELECT pg_advisory_xact_lock(hashtext('sluice.schema'))
