-- A partition must not keep loaders waiting for long.
SELECT set_config('lock_timeout', '5s', true)
