"""Forecasts of this workspace: as asked for, as kept every day, and how good those kept were."""
