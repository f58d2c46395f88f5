"""The database itself refuses the vote on a release, and its declaration, of whoever supplied a paper that the release names; and a changed paper.

What a release question names stands in its content, which the votes are bound to. Row triggers only, as in 0002.
"""

from django.db import migrations

STAYS = (
    "CREATE TRIGGER paper_stays BEFORE UPDATE OR DELETE ON reviews_paper FOR EACH ROW "
    "EXECUTE FUNCTION reviews_refuse_change('replaced_at', 'withdrawn_at');"
)
FUNCTION = """
CREATE FUNCTION reviews_refuse_own_paper() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1
        FROM reviews_question AS question
        CROSS JOIN LATERAL jsonb_array_elements(COALESCE(question.content -> 'papers', '[]'::jsonb)) AS named
        JOIN reviews_paper AS paper ON paper.id::text = named ->> 'paper'
        WHERE question.id = NEW.question_id AND paper.supplied_by_id::text = to_jsonb(NEW) ->> TG_ARGV[0]
    ) THEN
        RAISE EXCEPTION 'Whoever supplied a paper does not accept it' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
"""


def _guard(table: str, person: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE TRIGGER {table}_own_paper BEFORE INSERT ON reviews_{table} FOR EACH ROW EXECUTE FUNCTION reviews_refuse_own_paper('{person}');",
        f"DROP TRIGGER {table}_own_paper ON reviews_{table};",
    )


class Migration(migrations.Migration):
    dependencies = [("reviews", "0009_papers_a_threshold_asks_for")]

    operations = [
        migrations.RunSQL(STAYS, "DROP TRIGGER paper_stays ON reviews_paper;"),
        migrations.RunSQL(FUNCTION, "DROP FUNCTION reviews_refuse_own_paper();"),
        _guard("vote", "person_id"),
        _guard("releasedecision", "decided_by_id"),
    ]
