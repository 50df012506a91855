"""How the gradient flows: symbolic factors, mean-field predictions, measurements, and cures."""
