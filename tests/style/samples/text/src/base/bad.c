int done;
/* TODO: later */ 
/* a stub */
int last;