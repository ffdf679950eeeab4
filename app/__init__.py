"""The front end: a Streamlit application over what ``simulator`` exports."""
