.PHONY: cluster-up cluster-down

cluster-up:
	scripts/cluster-up

cluster-down:
	scripts/cluster-down
