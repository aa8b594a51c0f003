import django.core.validators
import django.db.models.deletion
from django.conf import settings
from cpo_portal.database import operations
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('database', '0001_functions'),
        ('accounts', '0001_initial'),
        ('network', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Tariff',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tariff_id', models.CharField(max_length=60, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9][A-Za-z0-9._:-]*$', 'Use letters, digits, dots, colons, underscores and hyphens, a letter or digit first.')], verbose_name='tariff id')),
                ('name', models.CharField(max_length=200)),
                ('state', models.CharField(choices=[('DRAFT', 'Draft'), ('APPROVED', 'Published'), ('ENDED', 'Ended')], default='DRAFT', editable=False, max_length=10)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('cpo', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.cpo')),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='TariffVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('model', models.CharField(choices=[('PER_KWH', 'Per kWh')], default='PER_KWH', max_length=12)),
                ('currency', models.CharField(default='INR', max_length=3)),
                ('components', models.JSONField(default=list)),
                ('fees', models.JSONField(default=list)),
                ('minimum_wh', models.PositiveIntegerField(blank=True, null=True)),
                ('maximum_wh', models.PositiveIntegerField(blank=True, null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('published_at', models.DateTimeField(null=True)),
                ('cpo', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.cpo')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('tariff', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='pricing.tariff')),
            ],
            options={
                'ordering': ['tariff', '-number'],
            },
        ),
        migrations.CreateModel(
            name='TariffStateChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_state', models.CharField(max_length=10)),
                ('to_state', models.CharField(max_length=10)),
                ('by_token', models.CharField(blank=True, max_length=12)),
                ('at', models.DateTimeField()),
                ('note', models.CharField(blank=True, max_length=300)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('tariff', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='state_changes', to='pricing.tariff')),
                ('version', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='pricing.tariffversion')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.AddField(
            model_name='tariff',
            name='live_version',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='pricing.tariffversion'),
        ),
        migrations.CreateModel(
            name='TaxProfile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('label', models.CharField(default='GST', max_length=40)),
                ('rate', models.DecimalField(decimal_places=2, default=18, max_digits=5, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)], verbose_name='rate (%)')),
                ('sac_code', models.CharField(blank=True, default='998714', max_length=10, verbose_name='SAC')),
                ('gstin', models.CharField(blank=True, max_length=15, verbose_name='GSTIN')),
                ('cpo', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.cpo')),
            ],
        ),
        migrations.CreateModel(
            name='TariffAssignment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('connector_type', models.CharField(blank=True, choices=[('CCS2', 'CCS2'), ('CHADEMO', 'CHAdeMO'), ('TYPE2', 'Type 2'), ('TYPE1', 'Type 1'), ('GB_T', 'GB/T'), ('BHARAT_AC_001', 'Bharat AC-001'), ('BHARAT_DC_001', 'Bharat DC-001'), ('IS_17017_2_6', 'IS 17017-2-6 (light EV)')], max_length=20)),
                ('connector', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='network.connector')),
                ('cpo', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.cpo')),
                ('location', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='network.location')),
                ('tariff', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='assignments', to='pricing.tariff')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('cpo', 'location', 'connector', 'connector_type'), name='one_tariff_per_place', nulls_distinct=False, violation_error_message='Another tariff is already assigned there.'), models.CheckConstraint(condition=models.Q(('connector', None), models.Q(('connector_type', ''), ('location', None)), _connector='OR'), name='assignment_connector_alone', violation_error_message='Name either one connector, or a location and a connector type.')],
            },
        ),
        migrations.AddConstraint(
            model_name='tariffversion',
            constraint=models.UniqueConstraint(fields=('tariff', 'number'), name='tariff_version_number'),
        ),
        migrations.AddConstraint(
            model_name='tariffversion',
            constraint=models.UniqueConstraint(condition=models.Q(('published_at', None)), fields=('tariff',), name='one_tariff_draft_per_tariff'),
        ),
        migrations.AddConstraint(
            model_name='tariff',
            constraint=models.UniqueConstraint(fields=('cpo', 'tariff_id'), name='tariff_id_per_cpo'),
        ),
        migrations.AddConstraint(
            model_name='taxprofile',
            constraint=models.UniqueConstraint(fields=('cpo',), name='one_tax_profile_per_cpo'),
        ),
        operations.frozen_when("pricing_tariffversion", "published_at"),
        operations.append_only("pricing_tariffstatechange"),
    ]
