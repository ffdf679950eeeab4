"""Many runs: parameter draws, and scenarios side by side under the same chance."""
