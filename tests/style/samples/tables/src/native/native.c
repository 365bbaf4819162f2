/* METRIC_FORGOTTEN in a comment is no use. */
void
count(struct row *row)
{
	monitor_add(row, METRIC_SEEN, 1);
}
