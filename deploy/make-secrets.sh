#!/bin/sh
# Makes every secret of compose.yaml once, in deploy/secrets; what is there already stays. Nobody ever types or reads them.
set -eu
umask 077
cd "$(dirname "$0")"
mkdir -p secrets

random() { head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n'; }
once() { [ -s "secrets/$1" ] || printf '%s' "$2" >"secrets/$1"; }
read_back() { cat "secrets/$1"; }

for name in postgres_password owner_password app_password redis_password secret_key metrics_token; do
    once "$name" "$(random)"
done
once database_url "postgresql://asl_app:$(read_back app_password)@postgres/asl"
once database_owner_url "postgresql://asl_owner:$(read_back owner_password)@postgres/asl"
once redis_url "redis://:$(read_back redis_password)@redis:6379/0"
once cache_url "redis://:$(read_back redis_password)@redis:6379/1"
# Compose hands each file on with its mode, and inside the portal is user 10001; outside, the closed folder keeps others away.
chmod 0700 secrets
chmod 0444 secrets/*
