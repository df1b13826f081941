"""Writes what operators apply from what developers declare: Kubernetes manifests, dashboards and alerts."""
