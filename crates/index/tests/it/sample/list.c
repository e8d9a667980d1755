/* A list of numbers. */
#include <stdio.h>
#include <stdlib.h>

#include "list.h"

#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define STEP 8

typedef struct list {
	int *values;
	size_t length;
	size_t room;
} list_t;

enum order { RISING, FALLING };

static size_t made = 0;

static int grow(list_t *list);
extern int list_push(list_t *list, int value);

/* Makes an empty list. */
list_t *list_new(void)
{
	list_t *list = calloc(1, sizeof *list);
	if (list != NULL)
		made++;
	return list;
}

static inline int
grow(list_t *list)
{
	size_t room = list->room + STEP;
	int *values = realloc(list->values, room * sizeof *values);

	if (values == NULL)
		return -1;
	list->values = values;
	list->room = room;
	return 0;
}

// Adds at the end.
int list_push(list_t *list, int value)
{
	if (list->length == list->room && grow(list) != 0)
		return -1;
	list->values[list->length++] = value;
	return 0;
}

#ifdef LIST_DEBUG
void list_print(const list_t *list, FILE *out)
{
	for (size_t i = 0; i < list->length; i++)
		fprintf(out, "%d\n", list->values[i]);
}
#endif

static int (*compare_of(enum order order))(const void *, const void *)
{
	(void)order;
	return NULL;
}

int list_min(const list_t *list)
{
	int least = list->values[0];
	for (size_t i = 1; i < list->length; i++)
		least = MIN(least, list->values[i]);
	return least;
}
