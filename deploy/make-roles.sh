#!/bin/sh
# The two roles of the portal, made when the database is made: the owner migrates, the application works and can only add to the ledger.
# `prepare` then grants the application its rights, table by table.
set -eu

psql --no-psqlrc --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname "${POSTGRES_DB:-asl}" \
    --set owner="$(cat "${SECRETS:-/run/secrets}/owner_password")" --set app="$(cat "${SECRETS:-/run/secrets}/app_password")" \
    --set database="${POSTGRES_DB:-asl}" <<'SQL'
CREATE ROLE asl_owner LOGIN PASSWORD :'owner';
CREATE ROLE asl_app LOGIN PASSWORD :'app';
ALTER DATABASE :"database" OWNER TO asl_owner;
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO asl_app;
SQL
