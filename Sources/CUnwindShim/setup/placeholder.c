int gmr_placeholder;
