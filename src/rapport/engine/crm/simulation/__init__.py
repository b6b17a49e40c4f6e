"""A simulated company with a known truth: seeded, of any size. See README.md."""

from rapport.engine.crm.simulation.parquet import write_parquet
from rapport.engine.crm.simulation.simulate import simulate, simulated_parts, truth
from rapport.engine.crm.simulation.spec import Simulation, Truth

__all__ = ["Simulation", "Truth", "simulate", "simulated_parts", "truth", "write_parquet"]
