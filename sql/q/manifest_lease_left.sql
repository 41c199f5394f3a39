-- $1 id: milliseconds until the lease ends, no row without one
SELECT (extract(epoch FROM lease_deadline - now()) * 1000)::bigint
FROM sluice.ingestion_manifest WHERE id = $1::bigint AND lease_deadline > now()
