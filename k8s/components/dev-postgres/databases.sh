#!/usr/bin/env bash
# Run once by the image of PostgreSQL, on a new volume: for every PASSWORD_<NAME> a role <name>, and its own database.
set -euo pipefail

for variable in "${!PASSWORD_@}"; do
  name=${variable#PASSWORD_}
  psql --quiet -v ON_ERROR_STOP=1 -v name="${name,,}" -v password="${!variable}" --username postgres <<'SQL'
CREATE ROLE :"name" LOGIN PASSWORD :'password' NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
CREATE DATABASE :"name" OWNER :"name";
REVOKE CONNECT, TEMPORARY ON DATABASE :"name" FROM PUBLIC;
SQL
done
