"""What an operator's Prometheus, Alertmanager and Grafana load, written from what Larder itself knows."""
