SELECT sluice.roles_make()
