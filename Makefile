# Short names for the scripts; what they do stands in scripts/.

.PHONY: help run demo-reset test test-sqlite test-postgresql test-browser bench screens lint lock

help: ## list these commands
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*## /\t/' | expand -t 18

run: ## start Portico with its demo on PORT (8000)
	@scripts/run.sh

demo-reset: ## throw the demo's database away and load it anew
	@scripts/demo-reset.sh

test: ## test on SQLite, on PostgreSQL and in a browser
	@scripts/test.sh sqlite postgresql browser

test-sqlite: ## test on SQLite only
	@scripts/test.sh sqlite

test-postgresql: ## test on PostgreSQL only
	@scripts/test.sh postgresql

test-browser: ## test in a browser only
	@scripts/test.sh browser

bench: ## measure pages against their floor, on a small set of data
	@scripts/bench.sh

screens: ## take the pictures of docs/screens
	@scripts/screens.sh

lint: ## check style, layout and types
	@scripts/lint.sh

lock: ## renew the exact versions in requirements*.txt
	@scripts/lock.sh
