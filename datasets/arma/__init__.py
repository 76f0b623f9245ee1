"""White boxes: functions of a known part of autoregressive moving averages, which need no training."""
